"""A blank board becomes this shop's hub: starts its processes, gives each its own credentials, keeps them running."""
