"""From joules to energy, carbon and money: figures, no sentences."""
