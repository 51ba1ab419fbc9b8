"""The parts of the tool `wait_times`: the board, the places a question names, the answers."""
