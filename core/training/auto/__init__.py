"""Auto: a person gives a time, and this finds what makes the best of it.

Networks, image sizes and heads are tried in the order of what they are likely to bring a second, on
features of frozen networks, each judged by answers about images that it was not fitted on. What
isn't better is left out, and at any moment there is a model that could be taken.
"""
