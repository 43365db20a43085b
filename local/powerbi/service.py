"""The HTTP interface: identity endpoints, the refresh API and a control endpoint."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from local.powerbi import DATASET_ID, GROUP_ID
from local.powerbi.state import TOKEN_SECONDS, Control, Refresh, State

SCOPE = "https://analysis.windows.net/powerbi/api/.default"
NOTIFY_OPTIONS = {"MailOnCompletion", "MailOnFailure", "NoNotification"}


class RefusedError(Exception):
    """An answer other than success: HTTP status, JSON body and headers."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None):
        """Keep the answer."""
        self.response = JSONResponse(body, status, headers)


def _refuse(status: int, code: str, message: str) -> RefusedError:
    return RefusedError(status, {"error": {"code": code, "message": message}})


def _refuse_client(status: int, error: str, number: int, message: str) -> RefusedError:
    """Build an OAuth error as the Microsoft identity platform words it."""
    description = f"AADSTS{number}: {message}"
    body = {"error": error, "error_description": description, "error_codes": [number]}
    return RefusedError(status, body)


def make_app(path: Path, client_id: str, client_secret: str) -> FastAPI:
    """Build the service for one client, with the JSON file at `path` for its memory."""
    state = State.load(path)
    app = FastAPI(title="Power BI stand-in", openapi_url=None)

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        return error.response

    @app.exception_handler(ValidationError)
    async def invalid(_: Request, error: ValidationError) -> Response:
        return JSONResponse({"detail": error.errors(include_context=False)}, 422)

    # Microsoft identity platform

    @app.post("/{tenant}/oauth2/v2.0/token")
    async def token(request: Request) -> dict[str, Any]:
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        if form.get("grant_type") != "client_credentials":
            message = "The grant type must be client_credentials."
            raise _refuse_client(400, "unsupported_grant_type", 70003, message)
        if form.get("scope", "").split(" ")[0] != SCOPE:
            raise _refuse_client(400, "invalid_scope", 1002012, f"The scope must be {SCOPE}.")
        if form.get("client_id") != client_id:
            message = f"Application '{form.get('client_id')}' was not found in the directory."
            raise _refuse_client(400, "unauthorized_client", 700016, message)
        if state.control.token == "refuse" or form.get("client_secret") != client_secret:
            message = f"Invalid client secret provided for app '{client_id}'."
            raise _refuse_client(401, "invalid_client", 7000215, message)
        issued = state.issue_token()
        state.save(path)
        return {"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "access_token": issued}

    @app.get("/{tenant}/v2.0/.well-known/openid-configuration")
    async def openid_configuration(tenant: str, request: Request) -> dict[str, Any]:
        authority = f"{request.base_url}{tenant}"
        return {
            "issuer": f"{authority}/v2.0",
            "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            "token_endpoint": f"{authority}/oauth2/v2.0/token",
            "jwks_uri": f"{authority}/discovery/v2.0/keys",
        }

    @app.get("/common/discovery/instance")
    async def discovery(request: Request) -> dict[str, Any]:
        host = request.base_url.netloc
        return {
            "tenant_discovery_endpoint": (
                f"{request.base_url}common/v2.0/.well-known/openid-configuration"
            ),
            "metadata": [
                {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
            ],
        }

    # Power BI

    async def authorize(request: Request) -> None:
        if not state.accepts(request.headers.get("Authorization", "").removeprefix("Bearer ")):
            raise _refuse(401, "PowerBINotAuthorizedException", "The access token isn't valid.")

    async def throttle() -> None:
        if state.control.throttle:
            state.control.throttle -= 1
            state.save(path)
            seconds = state.control.retry_after
            message = (
                "You have exceeded the amount of requests allowed in the current time frame "
                f"and further requests will fail. Retry in {seconds} seconds."
            )
            raise RefusedError(429, {"message": message}, {"Retry-After": str(seconds)})

    api = APIRouter(prefix="/v1.0/myorg", dependencies=[Depends(authorize), Depends(throttle)])

    async def known_dataset(group: str, dataset: str) -> None:
        if (group, dataset) != (GROUP_ID, DATASET_ID):
            message = f"Dataset {dataset} is not found in workspace {group}."
            raise _refuse(404, "PowerBIEntityNotFound", message)

    def number_of(refresh_id: str) -> int:
        for number, refresh in enumerate(state.refreshes, 1):
            if refresh.request_id == refresh_id:
                return number
        raise _refuse(404, "PowerBIEntityNotFound", f"Refresh {refresh_id} is not found.")

    def collection(request: Request, value: list[dict[str, Any]]) -> dict[str, Any]:
        kind = request.url.path.rsplit("/", 1)[-1]
        return {"@odata.context": f"{request.base_url}v1.0/myorg/$metadata#{kind}", "value": value}

    @api.get("/groups")
    async def groups(request: Request) -> dict[str, Any]:
        group = {"id": GROUP_ID, "name": "GH Archive", "isOnDedicatedCapacity": False}
        return collection(request, [group])

    @api.get("/groups/{group}/datasets")
    async def datasets(group: str, request: Request) -> dict[str, Any]:
        await known_dataset(group, DATASET_ID)
        dataset = {"id": DATASET_ID, "name": "GH Archive", "isRefreshable": True}
        return collection(request, [dataset])

    refreshes = APIRouter(
        prefix="/groups/{group}/datasets/{dataset}/refreshes",
        dependencies=[Depends(known_dataset)],
    )

    @refreshes.post("")
    async def start(request: Request) -> Response:
        body = await request.body()
        try:
            options = json.loads(body) if body else {}
            accepted = not options.keys() - {"notifyOption"}
            accepted &= options.get("notifyOption", "NoNotification") in NOTIFY_OPTIONS
        except (ValueError, AttributeError, TypeError):
            accepted = False
        if not accepted:
            message = "Invalid dataset refresh request. Shared capacity takes notifyOption only."
            raise _refuse(400, "InvalidRequest", message)
        if any(refresh.running for refresh in state.refreshes):
            message = (
                "Invalid dataset refresh request. Another refresh request is already executing"
            )
            raise _refuse(400, "InvalidRequest", message)
        if state.started_today() >= state.control.daily_limit:
            message = (
                "Invalid dataset refresh request. "
                "Number of refresh requests in last 24 hours exceeded limit"
            )
            raise _refuse(400, "RequestThrottled", message)
        refresh = Refresh(seconds=state.control.seconds, outcome=state.control.outcome)
        state.refreshes.append(refresh)
        state.save(path)
        location = f"{request.url}/{refresh.request_id}"
        return Response(None, 202, {"RequestId": refresh.request_id, "Location": location})

    @refreshes.get("")
    async def history(
        request: Request, top: Annotated[int | None, Query(alias="$top", ge=1)] = None
    ) -> dict[str, Any]:
        return collection(request, state.history()[:top])

    @refreshes.get("/{refresh_id}")
    async def details(refresh_id: str) -> Response:
        number = number_of(refresh_id)
        refresh = state.refreshes[number - 1]
        return JSONResponse(refresh.entry(number), 202 if refresh.running else 200)

    @refreshes.delete("/{refresh_id}")
    async def cancel(refresh_id: str) -> None:
        number_of(refresh_id)
        raise _refuse(400, "InvalidRequest", "Only an enhanced refresh can be cancelled.")

    api.include_router(refreshes)
    app.include_router(api)

    # This stand-in

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/_refreshes")
    async def listing() -> list[dict[str, Any]]:
        return state.history()

    @app.put("/_control")
    async def control(request: Request) -> Control:
        state.control = Control.model_validate(state.control.model_dump() | await request.json())
        state.save(path)
        return state.control

    return app
