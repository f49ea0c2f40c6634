"""What files mean together."""
