"""What bone, tumour, cement and metal are made of: curves, laws, constants with sources, and their field on a mesh."""
