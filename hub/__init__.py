"""The shop's brain: folders are what a salon does, files are what the hub stands on."""
