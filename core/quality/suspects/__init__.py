"""Images that are probably filed under the wrong class, or unlike all others of their class.

Both are judged on features of every image. That takes seconds to minutes, so it is done when a
person asks for it and not in the scan; what comes of it is kept as facts beside the index.
"""
