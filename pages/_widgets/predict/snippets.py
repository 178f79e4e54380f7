"""Programs of a few lines that ask a model over HTTP, to copy."""

from __future__ import annotations

from urllib.parse import quote

# As people call them → as they are coloured.
LANGUAGES = {"curl": "bash", "Python": "python", "JavaScript": "javascript"}

_CURL = """\
curl {address} \\
  -H "Authorization: Bearer {key}" \\
  -F images=@photo.jpg -F top_k=3
"""
_PYTHON = """\
import requests  # pip install requests

with open("photo.jpg", "rb") as photo:
    answer = requests.post(
        "{address}",
        headers={{"Authorization": "Bearer {key}"}},
        files=[("images", photo)],
        data={{"top_k": 3}},
        timeout=60,
    )
answer.raise_for_status()
for image in answer.json()["predictions"]:
    print(image["name"], image["label"], image["confidence"])
"""
_JAVASCRIPT = """\
// In a browser: `file` comes from an <input type="file">.
// In Node: const file = await require("node:fs").openAsBlob("photo.jpg");
const form = new FormData();
form.append("images", file, "photo.jpg");
form.append("top_k", "3");
const answer = await fetch("{address}", {{
  method: "POST",
  headers: {{ Authorization: "Bearer {key}" }},
  body: form,
}});
const value = await answer.json();
if (!answer.ok) throw new Error(value.detail);
console.log(value.predictions[0].label, value.predictions[0].confidence);
"""
_TEXTS = {"curl": _CURL, "Python": _PYTHON, "JavaScript": _JAVASCRIPT}


def snippet(language: str, base: str, run_id: str, key: str) -> str:
    """A program that asks a model about one picture.

    Args:
        language: a key of :data:`LANGUAGES`.
        base: the app's address, without a slash at its end.
        key: the API key to write into it.
    """
    address = f"{base}/api/v1/models/{quote(run_id, safe='')}/predict"
    return _TEXTS[language].format(address=address, key=key).rstrip()
