"""What the assistant can do: search, wait_times, contact_lookup, read_page."""
