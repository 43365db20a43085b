"""The app that the Functions host imports, from the root of what `make function-package` builds.

There this file lies beside `functions/` and `include/`, which keep their names: a module has one
import name in the repository, in the package, for pytest and for mypy.
"""

import logging

import azure.functions as func

from functions.ingest_timer import blueprint

# Azure's clients log every request, and the tick says of each hour what ingest_hour would
for name in ("azure", "include.ingest.hour"):
    logging.getLogger(name).setLevel(logging.WARNING)

app = func.FunctionApp()
app.register_functions(blueprint)
