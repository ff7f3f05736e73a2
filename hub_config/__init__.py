"""What operators deploy: settings, accounts, spawner, proxy, reports, and the command that starts them."""
