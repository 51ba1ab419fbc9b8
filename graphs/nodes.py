"""The steps of a turn. Each node reads the state, does one thing, returns what changed."""

import logging
import time
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage
from langchain_core.runnables import RunnableConfig

from frontdesk.agents.deciders import load_of
from frontdesk.agents.decision import TOOL_STEPS, Decider, Decision, Evidence, Writer
from frontdesk.agents.errors import EngineBusy, ModelError
from frontdesk.agents.policy.emergency import emergency
from frontdesk.agents.policy.literals import check
from frontdesk.agents.policy.sentences import sentence_spans
from frontdesk.agents.runtime.client import Client, serving
from frontdesk.agents.small.evidence import gather, observe
from frontdesk.graphs import events, wording
from frontdesk.graphs.acting import Asking, act
from frontdesk.graphs.answering import Answer, compose, settings_texts, waits_event
from frontdesk.graphs.reply import Reply, StepTaken, Timings, TokensRead
from frontdesk.graphs.settings import Settings
from frontdesk.graphs.state import State, Turn, as_previous, previous_turn
from frontdesk.graphs.writing import Writing
from frontdesk.tools.errors import TOOL_ERRORS
from frontdesk.tools.toolbox import Toolbox

_LOG = logging.getLogger("frontdesk")
LONGEST_QUESTION = 8000  # characters
# Where a run's configuration holds its `Client`; what begins with "__" is saved in no checkpoint.
CLIENT = "__frontdesk_client"
_KEPT_MESSAGES = 60  # of a thread, so that its checkpoints stay small


class Nodes:
    """The nodes of one organisation's assistant. Holds no turn: safe for many at once."""

    def __init__(self, settings: Settings, toolbox: Toolbox, decider: Decider) -> None:
        self.settings = settings
        self.toolbox = toolbox
        self.decider = decider

    def receive(self, state: State, config: RunnableConfig) -> dict[str, Any]:
        """Take the question; answer at once what needs no look-up: an emergency above all."""
        turn = Turn(_question(state.get("messages", [])), client=_client(config))
        answer = self._at_once(turn.question)
        if answer is None:
            return {"turn": turn, "messages": _forgotten(state["messages"])}
        return self._close(turn, answer, config)

    def _at_once(self, question: str) -> Answer | None:
        organisation = self.settings.organisation
        if emergency(question):
            return self._plain("emergency", organisation.emergency_notice)
        if not question:
            return self._plain("error", wording.EMPTY)
        if len(question) > LONGEST_QUESTION:
            text = wording.too_long(len(question), LONGEST_QUESTION)
            return Answer("error", text)
        greeting = wording.small_talk(question, organisation)
        return self._plain("clarify", greeting) if greeting else None

    def after_receive(self, state: State) -> str:
        answered = isinstance(state["messages"][-1], AIMessage) if state.get("messages") else True
        return "end" if answered else "look"

    def look(self, state: State) -> dict[str, Any]:
        """Gather what the tools know of the question, so that one pass can decide."""
        turn = _turn(state)
        previous = previous_turn(state)
        try:
            asked = _earlier_question(state.get("messages", [])) if previous is None else ""
            if asked:
                # A history from elsewhere: the turn before was not seen here, so it is decided now.
                before = gather(self.toolbox, asked, None)
                decision = self._decided(turn, before, [])
                state = {**state, "previous": as_previous(asked, decision)}
                previous = previous_turn(state)
            turn.evidence = gather(self.toolbox, turn.question, previous)
        except TOOL_ERRORS as error:
            turn.failure = _told(wording.LOOK_FAILED, error)
        except ModelError as error:
            turn.failure = _why(error)
        return {"turn": turn}

    def after_look(self, state: State) -> str:
        return "respond" if _turn(state).failure else "decide"

    def decide(self, state: State) -> dict[str, Any]:
        """Ask the model for the next step."""
        turn = _turn(state)
        assert turn.evidence is not None  # look ran, or failed and went to respond
        try:
            decision = self._decided(turn, turn.evidence, state.get("messages", []))
        except ModelError as error:
            turn.failure = _why(error)
        else:
            turn.decisions.append(decision)
        return {"turn": turn}

    def _decided(self, turn: Turn, evidence: Evidence, messages: list[AnyMessage]) -> Decision:
        """Return the model's decision; say so first when others are being answered before."""
        load = load_of(self.decider)
        if load is not None and load.active >= load.places:
            events.waiting(load.waiting)
        with serving(turn.client):
            return self.decider.decide(evidence, messages)

    def after_decide(self, state: State) -> str:
        turn = _turn(state)
        decision = turn.decision
        if turn.failure or decision is None or decision.step not in TOOL_STEPS:
            return "respond"
        if len(turn.decisions) >= self.settings.model.max_steps:
            return "respond"
        done = turn.evidence.observations if turn.evidence else ()
        again = any((o.tool, o.arguments) == (decision.step, decision.arguments) for o in done)
        return "respond" if again else "act"

    def act(self, state: State, config: RunnableConfig) -> dict[str, Any]:
        """Run the tool that was chosen."""
        turn = _turn(state)
        assert turn.evidence is not None and turn.decision is not None
        asking = Asking(str(_thread(config) or ""), _asked(state.get("messages", [])))
        observation = act(self.toolbox, turn.evidence, turn.decision, asking)
        turn.evidence = observe(turn.evidence, observation)
        return {"turn": turn}

    def respond(self, state: State, config: RunnableConfig) -> dict[str, Any]:
        """Say the answer, or why there is none."""
        turn = _turn(state)
        if turn.failure or turn.evidence is None or turn.decision is None:
            return self._close(turn, Answer("error", turn.failure or wording.STUCK), config)
        decision = turn.decision
        if decision.step in TOOL_STEPS:
            # Out of steps, or going in circles: say what was found so far.
            decision = Decision("answer", {}, decision.probability)
        try:
            answer = compose(turn.evidence, decision, self.settings, self._writing(turn, decision))
        except ModelError as error:
            # The model chose its quotes before it failed: they are the answer.
            _LOG.warning("quoting instead of writing: %s", error)
            turn.shown = ""
            answer = compose(turn.evidence, decision, self.settings)
        update = self._close(turn, answer, config)
        shown = turn.evidence.sentences(decision.quotes)
        return {**update, "previous": as_previous(turn.question, _first_step(turn), shown)}

    def _writing(self, turn: Turn, decision: Decision) -> Writing | None:
        """Return what puts the answer into words, where the settings and the model allow it."""
        evidence = turn.evidence
        verbatim = self.settings.model.grounding == "verbatim"
        if verbatim or evidence is None or not decision.quotes:
            return None
        if not isinstance(self.decider, Writer):
            return None
        texts = [evidence.question, *settings_texts(self.settings)]
        return Writing(self.decider, evidence, decision, texts, turn)

    def _plain(self, outcome: Any, text: str) -> Answer:
        found = check(text, settings_texts(self.settings))
        return Answer(outcome, text, (), found.kept)

    def _close(self, turn: Turn, answer: Answer, config: RunnableConfig) -> dict[str, Any]:
        """Stream the answer and end the turn."""
        if not turn.shown:
            events.sources_found([source.model_dump(mode="json") for source in answer.sources])
        if answer.waits is not None and answer.waits.rows:
            events.emit(waits_event(answer.waits))
        rest = answer.text.removeprefix(turn.shown)
        for start, end in sentence_spans(rest):
            turn.first_text = turn.first_text or time.perf_counter()
            events.text_said(rest[start:end])
        reply = self._reply(turn, answer, config).plain()
        events.turn_done(reply)
        shown = {key: reply[key] for key in ("outcome", "sources", "steps", "model")}
        if answer.waits is not None and answer.waits.rows:
            shown["waits"] = waits_event(answer.waits)
        said = AIMessage(answer.text, response_metadata={"frontdesk": shown})
        return {"turn": turn, "messages": [said], "reply": reply}

    def _reply(self, turn: Turn, answer: Answer, config: RunnableConfig) -> Reply:
        observations = turn.evidence.observations if turn.evidence else ()
        now = time.perf_counter()
        return Reply(
            thread=_thread(config),
            answer=answer.text,
            outcome=answer.outcome,
            steps=tuple(
                StepTaken(tool=o.tool, arguments=o.arguments, ok=o.ok, ms=o.ms)
                for o in observations
            ),
            sources=answer.sources,
            literals=answer.literals,
            dropped_literals=answer.dropped,
            route_probability=turn.decisions[0].probability if turn.decisions else 1.0,
            tokens=TokensRead(evaluated=turn.client.evaluated, reused=turn.client.reused),
            timings=Timings(
                first_token_ms=round(((turn.first_text or now) - turn.started) * 1000, 1),
                total_ms=round((now - turn.started) * 1000, 1),
            ),
            model=self.decider.name,
            adapter=str(getattr(self.decider, "adapter", "") or ""),
        )


def _told(sentence: str, error: Exception) -> str:
    """Log the reason, which may name hosts and files, and return what the person is told."""
    _LOG.error("%s %s", sentence, error)
    return sentence


def _why(error: ModelError) -> str:
    """Log why the model gave no decision, and return what the person is told."""
    if isinstance(error, EngineBusy):
        return _told(wording.busy(error.answered, error.waiting), error)
    return _told(wording.MODEL_FAILED, error)


def _client(config: RunnableConfig) -> Client:
    """Return the person as the face that asks knows them, or a new one."""
    given: Client | None = config.get("configurable", {}).get(CLIENT)
    return given or Client()


def _question(messages: list[AnyMessage]) -> str:
    last = messages[-1] if messages else None
    return str(last.text).strip() if isinstance(last, HumanMessage) else ""


def _asked(messages: list[AnyMessage]) -> list[str]:
    return [str(message.text).strip() for message in messages if isinstance(message, HumanMessage)]


def _thread(config: RunnableConfig) -> str | None:
    thread: str | None = config.get("configurable", {}).get("thread_id")
    return thread


def _earlier_question(messages: list[AnyMessage]) -> str:
    """Return the question before the last one, when the thread came with a history."""
    asked = _asked(messages)
    return asked[-2][:LONGEST_QUESTION] if len(asked) > 1 else ""


def _forgotten(messages: list[AnyMessage]) -> list[RemoveMessage]:
    """Return the removal of the oldest messages beyond what a thread keeps."""
    old = messages[: max(0, len(messages) - _KEPT_MESSAGES)]
    return [RemoveMessage(id=message.id) for message in old if message.id]


def _turn(state: State) -> Turn:
    """Return the turn in progress; one resumed after a crash starts over with its question."""
    return state.get("turn") or Turn(_question(state.get("messages", [])))


def _first_step(turn: Turn) -> Decision:
    """Return the decision that tells what the turn was about: its first tool, if it used one."""
    tools = (decision for decision in turn.decisions if decision.step in TOOL_STEPS)
    return next(tools, turn.decisions[0])
