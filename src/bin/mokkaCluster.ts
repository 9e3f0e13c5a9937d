#!/usr/bin/env node
/** The command `mokka-cluster`. First of all an old Node.js is told, which could not read the rest. */
import './requireNode';
import './main';
