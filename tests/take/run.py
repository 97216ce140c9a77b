"""Runs scripts, each on its own, and says of each what came of it: a line of JSON."""

import contextlib
import io
import json
import runpy
import sys

for path in sys.argv[1:]:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            runpy.run_path(path, run_name="__main__")
        print(json.dumps({"ok": True, "said": said.getvalue().strip()}))
    except BaseException as error:
        print(json.dumps({"ok": False, "said": f"{type(error).__name__}: {error}"[:400]}))
