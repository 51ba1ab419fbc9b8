"""Adapters of live wait-time feeds into one normal form."""
