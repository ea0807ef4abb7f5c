"""Learning to mark as the others do: samples with agreed scores, marked before the queue opens."""
