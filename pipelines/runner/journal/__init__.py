"""The runner's journal: sessions, pain, shoes, exercises and answers, in one file of the user's."""
