"""Who uses the platform: people, their organizations, signing in."""
