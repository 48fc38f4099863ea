// Classes run side by side; a test that counts live tensors or measures the process carries [DoNotParallelize].
[assembly: Parallelize(Workers = 2, Scope = ExecutionScope.ClassLevel)]
