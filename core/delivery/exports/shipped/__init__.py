"""Files that go into every export as they are; they need no Lightbox where they arrive."""
