<?php

use Illuminate\Foundation\Application;

// The commands in app/Console/Commands are found without being named here.
return Application::configure(basePath: dirname(__DIR__))
    ->withRouting(api: __DIR__.'/../routes/api.php')
    ->withMiddleware()
    ->withExceptions()
    ->create();
