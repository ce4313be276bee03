package main

import (
	"context"

	"github.com/compose-spec/compose-go/v2/cli"
)

// loadCompose reads the files as Docker Compose does: interpolation, the schema of the specification, one file over the
// other, and references between services, networks, volumes and secrets.
func loadCompose(ctx context.Context, files []string) (any, error) {
	options, err := cli.NewProjectOptions(files, cli.WithOsEnv, cli.WithResolvedPaths(false))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(ctx)
}
