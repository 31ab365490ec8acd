print("proxytrace")
