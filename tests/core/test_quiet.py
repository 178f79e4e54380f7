"""Nothing that Lightbox imports may report home."""

import subprocess
import sys


def test_openvino_is_imported_with_its_telemetry_stubbed_out() -> None:
    code = (
        "from core.quiet import openvino\n"
        "openvino()\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
