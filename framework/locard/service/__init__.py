"""What the commands do: engine and vault put together, without a word about terminals."""
