"""What has to move together or not at all, why something stays, and what patches of tests take along."""
