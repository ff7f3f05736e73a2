"""`cohorthub up` and `cohorthub down`: start, watch over and end everything that a hub consists of."""
