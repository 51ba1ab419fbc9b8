"""How models of different families write a tool call, and how they are told about tools.

Hermes, Qwen   <tool_call>\\n{"name": "search", "arguments": {"query":
"parking"}}\\n</tool_call> Llama 3        {"name": "search", "parameters": {"query": "parking"}}
Mistral        [TOOL_CALLS][{"name": "search", "arguments": {"query": "parking"}}] Mistral 2025
[TOOL_CALLS]search[ARGS]{"query": "parking"} Gemma          ```json\\n{"name": "search",
"parameters": {"query": "parking"}}\\n```
"""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Dialect:
    """A tool call is `opening`, the name, `middle`, the arguments as JSON, and `closing`."""

    name: str
    opening: str
    middle: str
    closing: str

    def start(self, tool: str) -> str:
        """Return what the model writes before the arguments of `tool`."""
        return f"{self.opening}{tool}{self.middle}"

    def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """Return a whole call, as it stands in a prompt."""
        return f"{self.start(tool)}{json.dumps(arguments, ensure_ascii=False)}{self.closing}"

    def description(self, tools: list[dict[str, Any]]) -> str:
        """Return the text that tells a model about `tools` when its template does not."""
        lines = "\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in tools)
        example = self.call("NAME", {"ARGUMENT": "VALUE"})
        return (
            f"You can use these tools:\n{lines}\n\n"
            f"To use one, answer with nothing but\n{example}\n"
            "and its result will be given to you. Otherwise answer in words."
        )


HERMES = Dialect("hermes", '<tool_call>\n{"name": "', '", "arguments": ', "}\n</tool_call>")
LLAMA3 = Dialect("llama3", '{"name": "', '", "parameters": ', "}")
MISTRAL = Dialect("mistral", '[TOOL_CALLS][{"name": "', '", "arguments": ', "}]")
MISTRAL_ARGS = Dialect("mistral-args", "[TOOL_CALLS]", "[ARGS]", "")
GEMMA = Dialect("gemma", '```json\n{"name": "', '", "parameters": ', "}\n```")


def dialect_of(template: str) -> Dialect:
    """Return the dialect of the model whose chat template this is; Hermes when nothing shows it."""
    if "<tool_call>" in template:
        return HERMES
    if "[TOOL_CALLS]" in template:
        return MISTRAL_ARGS if "[ARGS]" in template else MISTRAL
    if "<|start_header_id|>" in template or "<|python_tag|>" in template:
        return LLAMA3
    if "<start_of_turn>" in template:
        return GEMMA
    return HERMES
