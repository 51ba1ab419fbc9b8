"""Where Frontdesk keeps what it knows: PostgreSQL with pgvector."""
