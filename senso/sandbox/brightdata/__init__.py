"""BrightData's part of the sandbox: jobs whose answers are collected later."""
