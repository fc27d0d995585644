"""Azure OpenAI's part of the sandbox: OpenAI's formats on deployments, under the classic URLs and the v1 ones."""
