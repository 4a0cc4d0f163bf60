"""One JSON request on stdin, one answer on stdout; as a worker one a line.

Request ``{"operation": "action", "action", "input", "config", "request_id"}``.
Answer ``{"status": "ok", "result"}`` or ``{"status": "error", "error": {"code", "message"}}``, with the request's ``id``
where it has one. Codes: plugin_action_not_found, weather_unreachable, weather_answer_unusable.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Dict

TIMEOUT_S = 10
ANSWER_BYTES_MAX = 1 << 20


class Refusal(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def current(request: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Temperature and wind speed now."""
    now = ask(request, config, {"current": "temperature_2m,wind_speed_10m"}).get("current")
    if not isinstance(now, dict):
        raise Refusal("weather_answer_unusable", "the API answered without current weather")
    return {
        "temperature": number(now.get("temperature_2m")),
        "wind_speed": number(now.get("wind_speed_10m")),
        "units": config["units"],
    }


def forecast(request: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Lowest and highest temperature of each day, today first."""
    days = str(request.get("days", 3))
    daily = ask(request, config, {"daily": "temperature_2m_min,temperature_2m_max", "forecast_days": days}).get("daily")
    if not isinstance(daily, dict):
        raise Refusal("weather_answer_unusable", "the API answered without a forecast")
    columns = [daily.get(name) for name in ("time", "temperature_2m_min", "temperature_2m_max")]
    if not all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        raise Refusal("weather_answer_unusable", "the API answered with columns of different length")
    rows = [{"date": str(date)[:10], "low": number(low), "high": number(high)} for date, low, high in zip(*columns)]
    return {"days": rows[:7], "units": config["units"]}


def ask(request: Dict[str, Any], config: Dict[str, Any], wanted: Dict[str, str]) -> Dict[str, Any]:
    imperial = {"temperature_unit": "fahrenheit", "wind_speed_unit": "mph"} if config["units"] == "imperial" else {}
    place = {"latitude": request["latitude"], "longitude": request["longitude"]}
    query = urllib.parse.urlencode({**place, **wanted, **imperial})
    address = "%s/v1/forecast?%s" % (config["api_base"].rstrip("/"), query)
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as reply:
            body = reply.read(ANSWER_BYTES_MAX + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        # Without the query: where somebody asks about is nobody else's business.
        host = urllib.parse.urlsplit(address).netloc
        raise Refusal("weather_unreachable", "%s did not answer: %s" % (host, error)) from None
    try:
        answer = json.loads(body) if len(body) <= ANSWER_BYTES_MAX else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Refusal("weather_answer_unusable", "the API did not answer with a JSON object of at most 1 MiB")
    return answer


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refusal("weather_answer_unusable", "the API answered with something that is no number")
    return value


ACTIONS: Dict[str, Callable[[Dict[str, Any], Dict[str, Any]], Dict[str, Any]]] = {
    "current": current,
    "forecast": forecast,
}
DEFAULTS = {"api_base": "https://api.open-meteo.com", "units": "metric"}


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    try:
        action = ACTIONS.get(request.get("action", ""))
        if action is None:
            raise Refusal("plugin_action_not_found", "there is no action %s" % (request.get("action"),))
        done = {"status": "ok", "result": action(request["input"], {**DEFAULTS, **(request.get("config") or {})})}
    except Refusal as refusal:
        done = {"status": "error", "error": {"code": refusal.code, "message": str(refusal)}}
    return {**done, "id": request["id"]} if "id" in request else done


def main() -> int:
    if os.environ.get("HOLDFAST_WORKER") == "1" or "--worker" in sys.argv[1:]:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
            sys.stdout.flush()
        return 0
    done = answer(json.load(sys.stdin))
    sys.stdout.write(json.dumps(done) + "\n")
    return 0 if done["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
