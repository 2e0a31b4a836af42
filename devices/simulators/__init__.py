"""The other end of the wire: simulated devices, a feature of the product and always marked as simulated.

They share no code with the drivers, so that a mistake in a driver does not cancel itself out here.
"""
