"""What any service of this kind costs at least: the same body and answer, the same server, and nothing behind.

python -m benchmarks.empty PORT
"""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime

import uvicorn
from fastapi import FastAPI

from serve.schemas import AssessmentAnswer, RegistrationQuestion

SERVER = {
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
}  # as `simvigia serve`
ANSWER = {
    "decision": "ALLOW",
    "stage": "ACTIVATION",
    "risk_score": 0,
    "risk_band": "LOW",
    "reasons": [],
    "model_version": "m",
    "policy_version": "p",
    "feature_version": "f",
    "sources": [
        {"name": name, "status": "OK"}
        for name in ("HISTORY", "BREACHES", "OFFICIALS", "RINGS", "MODEL")
    ],
    "degraded": False,
    "late": False,
}


def application() -> FastAPI:
    """The application."""
    app = FastAPI()

    @app.post("/assessments", status_code=201, response_model=AssessmentAnswer)
    async def assess(body: RegistrationQuestion) -> dict[str, object]:
        return ANSWER | {
            "assessment_id": uuid.uuid4(),
            "registration_id": body.registration_id,
            "carrier_id": body.carrier_id,
            "assessed_at": datetime.now(UTC),
        }

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {}

    return app


if __name__ == "__main__":
    uvicorn.run(
        "benchmarks.empty:application",
        factory=True,
        port=int(sys.argv[1]),
        **SERVER,  # type: ignore[arg-type]
    )
