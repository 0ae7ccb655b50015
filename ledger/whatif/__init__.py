"""What another policy, control list or list of parties would have meant for what is recorded; reads only."""
