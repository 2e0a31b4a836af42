"""What the shop's network shows of itself: who is there, who is new, and what answers when it is asked to."""
