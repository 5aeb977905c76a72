"""What a piece of evidence refers to, as a line for a person."""

from planaria_contract import EventFact, Evidence, MetricSeries, Observation, Symptom


def excerpt(item: Evidence, observation: Observation) -> str:
    """From the observation, never from the extractor: a model may invent a quotation.

    Only a fact, which stands for what was computed, and a reference into nowhere keep the extractor's own words.
    """
    lines = _lines(item.kind, observation)
    return lines.get(item.index, item.excerpt)


def _lines(kind: str, observation: Observation) -> dict[int, str]:
    match kind:
        case "log":
            return {line.index: line.text for line in observation.logs}
        case "event":
            return {index: _event(event) for index, event in enumerate(observation.events)}
        case "metric":
            return {index: _metric(series) for index, series in enumerate(observation.metrics)}
        case "symptom":
            return {index: _symptom(symptom) for index, symptom in enumerate(observation.symptoms)}
        case _:
            return {}


def _event(event: EventFact) -> str:
    return f"{event.reason}: {event.message}"


def _metric(series: MetricSeries) -> str:
    value = "no value" if series.last is None else f"{series.last:g} {series.unit}"
    limit = "" if series.limit is None else f" of {series.limit:g}"
    return f"{series.name} of {series.subject}: {value}{limit}"


def _symptom(symptom: Symptom) -> str:
    return f"{symptom.kind} on {symptom.subject}: {symptom.message}"
