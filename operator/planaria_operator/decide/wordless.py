"""What the policy service is told: facts without any text that an application, or whoever reaches its log, has written.

It needs none of it: the policy sees numbers, and the memory keeps names and numbers.
"""

from planaria_contract import Observation, SemanticState


def without_words(observation: Observation) -> Observation:
    """Without logs, events, alerts and what could not be read; symptoms keep their kind, subject and age."""
    symptoms = tuple(symptom.model_copy(update={"message": ""}) for symptom in observation.symptoms)
    return observation.model_copy(
        update={"logs": (), "events": (), "alerts": (), "missing": (), "symptoms": symptoms}
    )


def without_evidence(state: SemanticState) -> SemanticState:
    """The lines that it was concluded from stand in the record alone."""
    return state.model_copy(update={"summary": "", "evidence": ()})
