"""The vault: cases under custody. Knows files and a database; runs no detector."""
