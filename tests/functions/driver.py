"""What the Functions host would do, fed to the package's own Python from the package's folder.

Without an argument: say what the app registers, and which packages are in reach. With one: call the
timer's function, on time (`tick`) or `late`.
"""

import importlib
import importlib.util
import json
import logging
import sys

import azure.functions as func

UNWANTED = ("airflow", "cosmos", "dbt", "pyspark", "rich", "snowflake", "local", "tests")


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    logging.basicConfig(level=logging.INFO)
    [function] = importlib.import_module("function_app").app.get_functions()
    if arguments:
        function.get_user_function()(func.timer.TimerRequest(past_due=arguments == ["late"]))
        return
    print(
        json.dumps(
            {
                "name": function.get_function_name(),
                "bindings": json.loads(function.get_function_json())["bindings"],
                "in_reach": [name for name in UNWANTED if importlib.util.find_spec(name)],
            }
        )
    )


main(sys.argv[1:])
