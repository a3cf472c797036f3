"""Problems whose answer is known in closed form, solved by the code that computes real results."""
