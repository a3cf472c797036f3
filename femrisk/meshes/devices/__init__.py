"""What treatments put into a bone: cement and how it spreads, needles, balloons, screws, nails."""
