"""What single members of a team get beside the team's grade."""
