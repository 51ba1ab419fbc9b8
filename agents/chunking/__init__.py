"""The agentic chunker's decisions: how a sentence stands alone, and which chunk it joins."""
