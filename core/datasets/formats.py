"""Which files are pictures: by their names, and where names don't tell, by their first bytes."""

from __future__ import annotations

import re

from PIL import features

from core.datasets import dicom

# What goes with each of Pillow's formats; the first is how Lightbox writes it. A format of which
# this installation of Pillow has no decoder is left out below.
_SUFFIXES_OF: dict[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "DIB": (".dib", ".bmp"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "TGA": (".tga", ".icb", ".vda", ".vst"),
    "PCX": (".pcx",),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"),
    "AVIF": (".avif", ".avifs"),
}
_NEEDS = {"JPEG2000": "jpg_2000", "AVIF": "avif", "WEBP": "webp"}


def _heif_is_there() -> bool:
    """Whether one of the packages that teach Pillow to read HEIC is installed, and taught it."""
    for name in ("pi_heif", "pillow_heif"):
        try:
            __import__(name).register_heif_opener()
        except Exception:
            continue
        return True
    return False


if dicom.register():
    _SUFFIXES_OF["DICOM"] = (".dcm", ".dicom", ".ima")
if _heif_is_there():
    _SUFFIXES_OF["HEIF"] = (".heic", ".heif", ".hif")
SUFFIXES_OF: dict[str, frozenset[str]] = {
    name: frozenset(suffixes)
    for name, suffixes in _SUFFIXES_OF.items()
    if name not in _NEEDS or features.check(_NEEDS[name])
}
# What phones write as MPO is a JPEG with more after it.
SUFFIXES_OF["MPO"] = SUFFIXES_OF["JPEG"]
# For Pillow, which opens MPO under JPEG's name; naming it would be a KeyError.
FORMATS = tuple(name for name in SUFFIXES_OF if name != "MPO")
SUFFIXES = frozenset(suffix for suffixes in SUFFIXES_OF.values() for suffix in suffixes)

_PHOTO_REMEDY = "export it as JPEG or PNG and add that"
# Pictures, and what is taken for one, that Lightbox can't read: what they are, and what to do.
_KNOWN: dict[str, tuple[str, str]] = {
    suffix: (what, remedy)
    for suffixes, what, remedy in (
        (
            ".heic .heif .hif",
            "a HEIC photo",
            "save it as JPEG, or install the package pi-heif beside Lightbox",
        ),
        (".avif", "an AVIF image, which this installation can't read", "save it as JPEG or PNG"),
        (
            ".cr2 .cr3 .nef .arw .dng .orf .rw2 .raf .srw .pef .raw .crw .nrw .sr2 .srf .rwl "
            ".3fr .iiq .x3f .mrw .kdc .dcr .erf .mef .mos .gpr",
            "a raw photo, as it came from a camera's sensor",
            _PHOTO_REMEDY,
        ),
        (
            ".dcm .dicom .ima",
            "a DICOM image",
            "install pydicom beside Lightbox (pip install pydicom), or export it as PNG with "
            "the window that shows it",
        ),
        (".nii .nrrd .nhdr .mha .mhd", "a medical volume", "export its slices as PNG"),
        (
            ".svs .ndpi .mrxs .scn .czi .lif .nd2 .oib .oif .vsi .lsm",
            "a microscope's file",
            "export its pictures as TIFF or PNG",
        ),
        (".psd .psb .xcf .kra .clip .afphoto", "a layered drawing", _PHOTO_REMEDY),
        (".svg .svgz .ai .eps .ps .wmf .emf .cdr .dwg .dxf", "a drawing", "save it as PNG"),
        (
            ".mp4 .mov .avi .mkv .webm .m4v .mpg .mpeg .wmv .flv .3gp .mts .m2ts .ogv .vob .mjpeg",
            "a video",
            "save some of its pictures as JPEG and add those",
        ),
        (".jxl", "a JPEG XL image", "save it as JPEG or PNG"),
        (".ico .icns .cur", "an icon", "save it as PNG"),
        (".exr .hdr", "a high-dynamic-range image", "save it as TIFF or PNG"),
        (".dds .ktx .blp .vtf", "a texture", "save it as PNG"),
        (
            ".qoi .sgi .rgb .bw .xbm .xpm .msp .ras .sun .wbmp .flif .bpg .jls .jxr .wdp "
            ".hdp .djvu .mng .pct .pict .spi .im .iff .lbm .cin .dpx .heics",
            "a picture of a kind that is not read here",
            "save it as JPEG or PNG",
        ),
        (
            ".npy .npz .mat .h5 .hdf5 .tfrecord .tfrecords .lmdb .mdb",
            "a file of arrays",
            "save its pictures as PNG",
        ),
        (".fits .fit .fts", "a FITS image", "save it as TIFF or PNG"),
        (".xlsx .xls", "a table of Excel", "save it as CSV; then it can say the classes"),
        (".pdf", "a document", "save its pages as images"),
    )
    for suffix in suffixes.split()
}
# Of these, what cameras, phones and scanners write, by how it is called above.
_PHOTOS = ("a HEIC photo", "an AVIF image", "a raw photo", "a DICOM image", "a JPEG XL image")
_ARCHIVES = frozenset([".zip", ".tar", ".gz", ".tgz", ".rar", ".7z", ".bz2", ".xz", ".zst"])
_ARRAYS = re.compile(r"idx\d-u?byte$|(^|/)(data_batch_\d|test_batch|batches\.meta)$", re.IGNORECASE)
# Opening each file of these kinds, to see whether it is a picture after all, would be a waste.
_SURELY_NOT = (
    frozenset([".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".parquet"])
    | frozenset([".md", ".html", ".htm", ".js", ".css", ".py", ".ipynb", ".log", ".ini", ".cfg"])
    | frozenset([".pkl", ".pt", ".onnx", ".exe", ".dll"])
    | frozenset([".xlsx", ".doc", ".docx", ".wav", ".mp3"])
)
# Files that say something about pictures beside them: kept where only pictures would be.
TABLES = frozenset([".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".json", ".xml"]) | frozenset(
    [".txt", ".yaml", ".yml", ".names", ".labels"]
)
HEAD_BYTES = dicom.HEAD_BYTES


def suffix_of(name: str) -> str:
    """The ending of a file's name in lower case, with its dot; "" where there is none."""
    stem, dot, suffix = name.rpartition(".")
    return dot + suffix.lower() if stem and "/" not in suffix else ""


def has_image_name(name: str) -> bool:
    """Whether a file of this name is taken for a picture without looking into it."""
    return suffix_of(name) in SUFFIXES


def is_table(name: str) -> bool:
    """Whether a file of this name may say something about pictures beside it."""
    return suffix_of(name) in TABLES


def may_be_image(name: str) -> bool:
    """Whether a file without a picture's name is worth a look at its first bytes."""
    suffix = suffix_of(name)
    return suffix not in _SURELY_NOT and suffix not in _KNOWN and suffix not in _ARCHIVES


def begins_like_image(head: bytes) -> bool:
    """Whether a file that begins so, in its first :data:`HEAD_BYTES` bytes, is one to be read."""
    return format_of(head) in FORMATS


def format_of(head: bytes) -> str:
    """The format whose files begin like this, in Pillow's terms; "" for none that is known.

    Args:
        head: the first :data:`HEAD_BYTES` bytes of a file, or fewer if it is shorter.
    """
    for name, start in (
        ("JPEG", b"\xff\xd8\xff"),
        ("PNG", b"\x89PNG\r\n\x1a\n"),
        ("GIF", b"GIF8"),
        ("BMP", b"BM"),
        ("TIFF", b"II*\0"),
        ("TIFF", b"MM\0*"),
        ("TIFF", b"II+\0"),
        ("JPEG2000", b"\0\0\0\x0cjP  "),
        ("JPEG2000", b"\xff\x4f\xff\x51"),
    ):
        if head.startswith(start) and (name != "BMP" or _is_bitmap(head)):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brands = head[8:32]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        if any(brand in brands for brand in (b"heic", b"heix", b"mif1", b"hevc")):
            return "HEIF"
    if dicom.is_dicom(head):
        return "DICOM"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    return ""


def _is_bitmap(head: bytes) -> bool:
    # Two letters are little to go by: the header's length must be one that there is, too.
    return int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)


def is_archive(name: str) -> bool:
    """Whether a file of this name is an archive, of any kind."""
    return suffix_of(name) in _ARCHIVES


def why_not(name: str) -> str:
    """Why a file of this name is no picture for Lightbox, as a sentence with what to do."""
    suffix = suffix_of(name)
    if suffix in _KNOWN:
        what, remedy = _KNOWN[suffix]
        return f"It is {what} ({suffix}): {remedy}."
    if _ARRAYS.search(name):
        return (
            "It is a file of arrays, as MNIST and CIFAR come: get these under the known sets, or "
            "save its pictures as PNG."
        )
    if is_archive(name):
        return "It is an archive inside the folder; unpack it first."
    if name != name.rstrip() and has_image_name(name.rstrip()):
        return f"Its name ends with a space after {suffix.rstrip()}: rename it."
    return f"It is not an image ({suffix or 'no file type'})."


def why_not_photo(name: str) -> str:
    """As :func:`why_not`, of a photo that can't be read here; "" of all else, by its name."""
    if has_image_name(name):  # what one installation can't read, another can
        return ""
    what = _KNOWN.get(suffix_of(name), ("", ""))[0]
    return why_not(name) if what.startswith(_PHOTOS) else ""


def reasons() -> dict[str, str]:
    """What :func:`why_not` says of each suffix that it knows more of than that it is no image."""
    return {suffix: why_not(f"a{suffix}") for suffix in (*_KNOWN, *sorted(_ARCHIVES))}
