"""Near-duplicates: the same picture resized, recompressed, brightened, cropped a little, slightly
turned, mirrored or turned on its side. Descriptors flow in, scored pairs flow out.

One file a step: :mod:`orientation` (eight ways to turn a picture), :mod:`search` (candidates),
:mod:`align` (how alike two are), :mod:`groups` (who belongs together), :mod:`engine` (the way
through them).
"""

from core.quality.copies.engine import DEFAULT_THRESHOLD, LOWEST, Copies, find_copies, groups
from core.quality.copies.orientation import MIRRORED, ROTATED, SAME
