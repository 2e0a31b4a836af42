"""Pages: what people see and touch. A page is a function of the services it shows; it knows no rules."""
