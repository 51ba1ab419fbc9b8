"""Frontdesk: a front desk that is always staffed. Start at frontdesk.graphs."""
