"""The fruit sample: 300 pictures of apples, bananas, oranges and pears, drawn by code.

No photo of anybody's is in them. They are the same on every machine: random numbers are NumPy's
seeded integers and uniform ones, and arrays see only what IEEE 754 rounds alike everywhere
(``+ - * /`` and square roots; no sine, no exponential, no sum whose order is the processor's).
"""

from core.datasets.fruit.write import CLASSES, IMAGES, draw_fruit, write_fruit
