"""Questions over several runs, or over none: compare, target, estimate, regions, schedule."""
