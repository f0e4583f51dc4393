"""Names that clients see: the API, its version, where it lives, and the scopes of its operations."""

from __future__ import annotations

API_NAME = "registration-risk"
API_TITLE = "Registration Risk"
API_VERSION = "wip"  # the one place; `wip` until a release is made
API_BASE = f"/{API_NAME}/v{API_VERSION}"
CODE_PREFIX = "REGISTRATION_RISK"  # of codes that only this API has
TMF_BASE = "/tmf-api/riskManagement/v4"

ASSESS = f"{API_NAME}:assessments:create"
READ = f"{API_NAME}:assessments:read"
IMPORT = f"{API_NAME}:assessments:import"
REPORT_EVENT = f"{API_NAME}:line-events:create"
REPORT_OUTCOME = f"{API_NAME}:outcomes:create"
SCOPES = {
    ASSESS: "Ask for the risk of registrations, one by one or in bulk",
    READ: "Read assessments of one's own registrations",
    IMPORT: "Import registrations of the past",
    REPORT_EVENT: "Report what is later seen on a line",
    REPORT_OUTCOME: "Report verdicts on registrations",
}

DISPUTES_NAME = f"{API_NAME}-disputes"
READ_DISPUTES, ANSWER_DISPUTES = f"{DISPUTES_NAME}:read", f"{DISPUTES_NAME}:write"
DISPUTE_SCOPES = {
    READ_DISPUTES: "Read disputes about one's own registrations, and subscribe to them",
    ANSWER_DISPUTES: "Acknowledge disputes and report what looking again has found",
}


def security(scope: str) -> dict[str, object]:
    """What an operation's `openapi_extra` says: the document shows this scope and the gate asks for it."""
    return {"security": [{"openId": [scope]}]}


TOKEN_MODES = ("local", "custodian")  # who makes them: this engine, or somebody else
