"""dbt's documentation of Silver and Gold as a page of Airflow's UI, for users who are logged in."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

PAGE = Path(__file__).parents[1] / "include" / "dbt" / "target" / "static_index.html"
PREFIX = "/dbt-docs"
BASE = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


class DbtDocsPlugin(AirflowPlugin):
    """One page under Browse; Cosmos' own plugin would serve it to strangers as well."""

    name = "dbt_docs"
    external_views = [  # noqa: RUF012 - as Airflow declares it
        {
            "name": "dbt docs",
            "href": f"{BASE}{PREFIX}/",
            "url_route": "dbt-docs",
            "category": "browse",
            "destination": "nav",
        }
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Return the app; only the API server asks, and only it pays for the imports."""
        from airflow.api_fastapi.core_api.security import get_user
        from fastapi import Depends, FastAPI, HTTPException
        from fastapi.responses import FileResponse

        # Without openapi_url: those pages would be open to strangers
        app = FastAPI(dependencies=[Depends(get_user)], openapi_url=None)

        @app.get("/")
        def page() -> FileResponse:
            if not PAGE.exists():
                raise HTTPException(404, "No dbt docs yet: `make docs` builds them")
            return FileResponse(PAGE, headers={"Content-Security-Policy": "frame-ancestors 'self'"})

        return [{"name": self.name, "app": app, "url_prefix": PREFIX}]
