"""Head office: takes in what the shops send, keeps it in PostgreSQL and shows it."""
