"""Who may do what: who is acting, which addresses are answered, which browsers are signed in."""
